package store

import "sync"

// cache holds what can be had again. It is bounded by two generations: what
// was not asked for since the last change of generations is forgotten.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	limit      int
	size       int
	young, old map[K]weighed[V]
}

type weighed[V any] struct {
	value  V
	weight int
}

// newCache bounds the sum of all weights by limit, half of it for a generation.
func newCache[K comparable, V any](limit int) *cache[K, V] {
	return &cache[K, V]{limit: limit / 2, young: map[K]weighed[V]{}}
}

func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if held, ok := c.young[key]; ok {
		return held.value, true
	}
	held, ok := c.old[key]
	if ok {
		c.add(key, held)
	}
	return held.value, ok
}

func (c *cache[K, V]) put(key K, value V, weight int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(key, weighed[V]{value, weight})
}

func (c *cache[K, V]) add(key K, w weighed[V]) {
	if w.weight > c.limit {
		delete(c.young, key)
		delete(c.old, key)
		return
	}
	c.size += w.weight - c.young[key].weight
	if c.size > c.limit {
		c.old, c.young, c.size = c.young, map[K]weighed[V]{}, w.weight
	}
	c.young[key] = w
}
