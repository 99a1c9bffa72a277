package names

//go:generate go run ./fit/weigh
