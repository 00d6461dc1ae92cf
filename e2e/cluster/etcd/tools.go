//go:build tools

// Package etcd names the control plane's store. A module of its own: its dependencies are
// other versions than those of Kubernetes.
package etcd

import _ "go.etcd.io/etcd/server/v3"
