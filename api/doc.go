// Package api is what a node does for programs, over HTTPS on its --listen
// address: POST /v1/screen. docs/screening-api.md describes it.
//
// Whoever asks shows a bearer token (RFC 6750) with the scope of what is asked.
// Nothing is read, looked up or kept for anybody without one.
package api
