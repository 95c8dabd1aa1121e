package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// The ring and the keys once more, from the description of the protocol and another implementation of the hash.

const tokensPerShard = 100

type token struct {
	hash  uint64
	shard string
}

// hashRing holds the tokens in ascending order. Of two shards with the same token, the last by name has it.
type hashRing []token

func newHashRing(shards []string) hashRing {
	var ring hashRing
	for _, shard := range shards {
		for i := range tokensPerShard {
			ring = append(ring, token{xxhash.Sum64String(shard + strconv.Itoa(i)), shard})
		}
	}
	slices.SortFunc(ring, func(a, b token) int {
		if a.hash != b.hash {
			if a.hash < b.hash {
				return -1
			}
			return 1
		}
		return strings.Compare(b.shard, a.shard)
	})
	return ring
}

func (r hashRing) owner(key string) string {
	if len(r) == 0 {
		return ""
	}
	hash := xxhash.Sum64String(key)
	for _, token := range r {
		if token.hash >= hash {
			return token.shard
		}
	}
	return r[0].shard
}

type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace       string `json:"namespace"`
		Name            string `json:"name"`
		OwnerReferences []struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Name       string `json:"name"`
			Controller bool   `json:"controller"`
		} `json:"ownerReferences"`
	} `json:"metadata"`
}

// mainKey is built of the object's own data.
func (o object) mainKey() string {
	group, _ := groupOf(o.APIVersion)
	return strings.Join([]string{group, o.Kind, o.Metadata.Namespace, o.Metadata.Name}, "/")
}

// controlledKey is built of the controller's reference, and of the object's own namespace; "" without a controller.
func (o object) controlledKey() (string, error) {
	for _, owner := range o.Metadata.OwnerReferences {
		if !owner.Controller {
			continue
		}
		group, ok := groupOf(owner.APIVersion)
		if !ok || owner.APIVersion == "" || owner.Kind == "" || owner.Name == "" {
			return "", errors.New("unusable reference")
		}
		return strings.Join([]string{group, owner.Kind, o.Metadata.Namespace, owner.Name}, "/"), nil
	}
	return "", nil
}

func groupOf(apiVersion string) (string, bool) {
	parts := strings.Split(apiVersion, "/")
	switch len(parts) {
	case 1:
		return "", true
	case 2:
		return parts[0], true
	default:
		return "", false
	}
}

type question struct {
	Shards     []string `json:"shards"`
	Controlled bool     `json:"controlled"`
	Object     object   `json:"object"`
}

type answer struct {
	Key string `json:"key"`
	// Hexadecimal, 16 digits.
	Hash    string `json:"hash"`
	Owner   string `json:"owner"`
	Problem bool   `json:"problem"`
}

// answerOwners reads one question a line and writes one answer a line.
func answerOwners(in io.Reader, out io.Writer) error {
	questions, buffer := json.NewDecoder(in), bufio.NewWriter(out)
	answers := json.NewEncoder(buffer)
	for {
		var q question
		if err := questions.Decode(&q); err == io.EOF {
			return buffer.Flush()
		} else if err != nil {
			return err
		}
		if err := answers.Encode(q.answer()); err != nil {
			return err
		}
	}
}

func (q question) answer() answer {
	key := q.Object.mainKey()
	if q.Controlled {
		var err error
		if key, err = q.Object.controlledKey(); err != nil {
			return answer{Problem: true}
		}
	}
	if key == "" {
		return answer{}
	}
	hash := strconv.FormatUint(xxhash.Sum64String(key), 16)
	return answer{Key: key, Hash: strings.Repeat("0", 16-len(hash)) + hash, Owner: newHashRing(q.Shards).owner(key)}
}
