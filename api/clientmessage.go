package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxClientMessage is the longest message that a client may send, in bytes,
// before and after decompression.
const maxClientMessage = 16 << 10

// The types of messages from clients.
const (
	typeSubscribe   = "subscribe"
	typeUnsubscribe = "unsubscribe"
)

const clientMessageHelp = `send {"type":"subscribe"} or {"type":"unsubscribe"}`

// parseClientMessage gives the type of a message from a client. The error is
// meant for the client: it is short however long the message, and says what to
// send instead.
func parseClientMessage(text []byte) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil || fields == nil {
		return "", errors.New("message is not a JSON object: " + clientMessageHelp)
	}
	raw, ok := fields["type"]
	if !ok {
		return "", errors.New("message has no type: " + clientMessageHelp)
	}
	var kind string
	if err := json.Unmarshal(raw, &kind); err != nil {
		return "", errors.New("message type is not a string: " + clientMessageHelp)
	}
	if kind != typeSubscribe && kind != typeUnsubscribe {
		return "", fmt.Errorf("message type %s is unknown: %s", quote(kind), clientMessageHelp)
	}
	if unknown := unknownField(fields); unknown != "" {
		return "", fmt.Errorf("%s has no field %s: %s", kind, quote(unknown), clientMessageHelp)
	}
	return kind, nil
}

// unknownField names the first field, in alphabetical order, other than type;
// the one with the empty name shows as a blank.
func unknownField(fields map[string]json.RawMessage) string {
	var names []string
	for name := range fields {
		if name != "type" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	if first := slices.Min(names); first != "" {
		return first
	}
	return " "
}

// quote makes foreign text fit for an error message: quoted, valid UTF-8,
// without control characters, and 64 bytes of it at most.
func quote(s string) string { return strconv.Quote(cut(s, 64)) }

// cut keeps valid UTF-8 valid.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
