package redisstore

import (
	"strconv"
	"strings"
)

// keys names what belongs to one Prefix.
type keys struct {
	prefix         string
	handles, users string // begin the keys of the indexes
	everyone       string // the mark of a revocation of everyone
}

func newKeys(prefix string) keys {
	// With its length, so that no prefix and name read as another prefix and name.
	mine := strconv.Itoa(len(prefix)) + ":" + prefix
	return keys{
		prefix:   prefix,
		handles:  namespace + "handle:" + mine,
		users:    namespace + "user:" + mine,
		everyone: namespace + "everyone:" + mine,
	}
}

// session is the key of a session's document, and of what else is known of it.
// Both are in one slot of a Cluster, so that one script may have them.
func (k *keys) session(id string) []string {
	doc := k.prefix + id
	switch tag, tagged := hashTag(doc); {
	case tagged:
		return []string{doc, namespace + "{" + tag + "}:" + doc}
	case !strings.ContainsAny(doc, "{}"):
		return []string{doc, namespace + "{" + doc + "}"}
	default:
		return []string{doc, namespace + "{" + tagOf(slot(doc)) + "}:" + doc}
	}
}

// hashTag is the part of a key that alone decides about its slot.
func hashTag(key string) (string, bool) {
	_, rest, found := strings.Cut(key, "{")
	if !found {
		return "", false
	}
	tag, _, found := strings.Cut(rest, "}")
	return tag, found && tag != ""
}

// tagOf finds a tag for a slot, for keys with braces that are no tag: no id of
// ours has any, but an Express app may make its own.
func tagOf(want uint16) string {
	for i := 0; ; i++ {
		if tag := strconv.Itoa(i); slot(tag) == want {
			return tag
		}
	}
}

// slot is CRC-16/XMODEM modulo the number of slots.
func slot(text string) (crc uint16) {
	for i := range len(text) {
		crc ^= uint16(text[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc % 16384
}

// pattern matches the prefix's keys, for SCAN.
func (k *keys) pattern() string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(k.prefix) + "*"
}
