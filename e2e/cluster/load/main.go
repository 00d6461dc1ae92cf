// Command load makes a real audit log: it talks to a running API server as its
// controllers, a kubelet, people and strangers do, until the log is as large as asked.
//
// What it sends is the everyday mix of a cluster (leases, lists, watches, small objects that
// come and go, now and then an object of a megabyte) with the acts that security rules look
// for in between. The order of acts follows from the seed; their timing does not.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// plan says when to stop; whichever bound is reached first ends the run.
type plan struct {
	kubeconfig string
	auditDir   string
	bytes      int64
	requests   int64
	timeMax    time.Duration
	workers    int
	seed       int64
}

func stated() plan {
	var p plan
	flag.StringVar(&p.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"),
		"file with one context a user")
	flag.StringVar(&p.auditDir, "audit-dir", "", "directory of the audit log, for -bytes")
	flag.Int64Var(&p.bytes, "bytes", 0,
		"stop when the audit log holds this many bytes (0: no bound)")
	flag.Int64Var(&p.requests, "requests", 0, "stop after this many acts (0: no bound)")
	flag.DurationVar(&p.timeMax, "time", 20*time.Minute, "stop after this long")
	flag.IntVar(&p.workers, "workers", 8, "acts at a time")
	flag.Int64Var(&p.seed, "seed", 1, "what the order of acts follows from")
	flag.Parse()
	return p
}

func main() {
	p := stated()
	if p.bytes > 0 && p.auditDir == "" {
		fmt.Fprintln(os.Stderr, "load: -bytes needs -audit-dir")
		os.Exit(2)
	}
	done, err := run(p)
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "load: %d acts, %d refused by the API server\n", done.acts, done.refused)
}

type tally struct{ acts, refused int64 }

func run(p plan) (tally, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeMax)
	defer cancel()
	users, err := connect(p.kubeconfig)
	if err != nil {
		return tally{}, err
	}
	if err := prepare(ctx, users, p.workers); err != nil {
		return tally{}, err
	}
	var acts, refused atomic.Int64
	if p.bytes > 0 {
		go watchSize(ctx, cancel, p)
	}
	var group sync.WaitGroup
	for number := range p.workers {
		w := newWorker(number, users, rand.New(rand.NewSource(p.seed+int64(number))))
		group.Add(1)
		go func() {
			defer group.Done()
			for ctx.Err() == nil {
				if p.requests > 0 && acts.Add(1) > p.requests {
					acts.Add(-1)
					return
				} else if p.requests == 0 {
					acts.Add(1)
				}
				if w.act(ctx) != nil {
					refused.Add(1)
				}
			}
		}()
	}
	group.Wait()
	return tally{acts.Load(), refused.Load()}, nil
}

// watchSize ends the run once the log and its rotated parts hold enough.
func watchSize(ctx context.Context, cancel context.CancelFunc, p plan) {
	for tick := time.Tick(500 * time.Millisecond); ctx.Err() == nil; <-tick {
		var size int64
		entries, _ := os.ReadDir(p.auditDir)
		for _, entry := range entries {
			if info, err := entry.Info(); err == nil {
				size += info.Size()
			}
		}
		if size >= p.bytes {
			cancel()
			return
		}
	}
}
