package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// report writes one line of JSON for each thing that happens, for whoever checks who worked on what, and when.
type report struct {
	mutex sync.Mutex
	out   *json.Encoder
	shard string
}

type entry struct {
	// Microseconds since the Unix epoch.
	At     int64  `json:"at"`
	Shard  string `json:"shard"`
	Event  string `json:"event"`
	Object string `json:"object,omitempty"`
	Error  string `json:"error,omitempty"`
}

func newReport(out io.Writer, shard string) *report {
	return &report{out: json.NewEncoder(out), shard: shard}
}

// say is on its way when it returns: nothing is lost when the process is killed.
func (r *report) say(event, object string) {
	r.write(entry{Event: event, Object: object})
}

func (r *report) fail(object string, err error) {
	r.write(entry{Event: "error", Object: object, Error: err.Error()})
}

func (r *report) write(entry entry) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	entry.At, entry.Shard = time.Now().UnixMicro(), r.shard
	// Nobody can be told when this fails.
	_ = r.out.Encode(entry)
}
