package main

import (
	"context"
	"fmt"
	"math/rand"
	"time"
)

// What a worker leaves standing of one kind before it deletes the oldest.
const standingMax = 25

// One act may not hold up a run: a watch ends by itself, anything else is fast.
const actTime = 20 * time.Second

// worker acts in one namespace, one act after the other.
type worker struct {
	space    string
	users    map[string]*user
	chance   *rand.Rand
	serial   int
	standing map[string][]string
	weights  int
}

func newWorker(number int, users map[string]*user, chance *rand.Rand) *worker {
	w := &worker{
		space: namespaceOf(number), users: users, chance: chance, standing: map[string][]string{},
	}
	for _, a := range acts {
		w.weights += a.weight
	}
	return w
}

// act does one act by its weight. An error is what the API server answered: many acts are
// meant to be refused.
func (w *worker) act(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, actTime)
	defer cancel()
	turn := w.chance.Intn(w.weights)
	for _, a := range acts {
		if turn -= a.weight; turn < 0 {
			return a.do(ctx, w)
		}
	}
	panic("the weights of all acts add up to less than their sum")
}

// fresh returns a name that this run has not used in this namespace.
func (w *worker) fresh(kind string) string {
	w.serial++
	word, mark := pick(w.chance, nouns), w.chance.Intn(1<<16)
	return fmt.Sprintf("%s-%s-%06d-%04x", kind, word, w.serial, mark)
}

// stand notes an object that was made; old is what has to make room for it, if anything.
func (w *worker) stand(kind, name string) (old string) {
	names := append(w.standing[kind], name)
	if len(names) > standingMax {
		old, names = names[0], names[1:]
	}
	w.standing[kind] = names
	return old
}

// any returns the name of a standing object, or of none: asking for what is not there
// happens in every cluster.
func (w *worker) any(kind string) string {
	if names := w.standing[kind]; len(names) > 0 && w.chance.Intn(20) > 0 {
		return pick(w.chance, names)
	}
	return kind + "-missing"
}
