package notify

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Route says which notices a channel carries.
type Route struct {
	Channel Channel
	// Roles are the roles that it tells; empty means every role.
	Roles []string
	// MinLevel is the lowest escalation level that it carries; 0 includes
	// notices on arrival.
	MinLevel int
}

// Routes are a home's channels in the order of its notify.yaml.
type Routes []Route

// For lists the channels that tell role at an escalation level. An empty list
// means that nobody would be told, which is for the caller to make known.
func (routes Routes) For(role string, level int) []Channel {
	var channels []Channel
	for _, route := range routes {
		if level >= route.MinLevel && (len(route.Roles) == 0 || slices.Contains(route.Roles, role)) {
			channels = append(channels, route.Channel)
		}
	}
	return channels
}

const (
	maxConfig = 64 << 10 // bytes of notify.yaml, and of each file that it names
)

// Load reads a home's notify.yaml. Files that it names are sought in its own
// directory. A missing file gives an error that is [fs.ErrNotExist]; mistakes
// inside give a [*ConfigError].
func Load(path string) (Routes, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		return readFile(name)
	})
}

// readFile reads a regular file of bounded size: a pipe or a device could hold
// up a node's start for ever.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("not a regular file")}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxConfig {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", maxConfig)}
	}
	return data, nil
}
