// Package control is the local door to a running node: the command line talks
// to it over a socket in the home, as JSON over HTTP. Who may open the socket
// may administer the node; what officers do is checked by role behind it.
package control
