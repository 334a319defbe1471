// Logcheck reads a log directory that Suyuan wrote and checks it with golang.org/x/mod/sumdb, an
// implementation of the tree and of signed notes that shares no code with Suyuan.
//
// The directory holds `checkpoint` and `checkpoint.old` (signed notes), `tile/...` (C2SP tlog-tiles),
// `request` (an add-checkpoint body from the old to the new size) and `proofs/*.tlog-proof`.
// It prints one line of counts and exits 0, or prints what is wrong and exits 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

type directory string

func (d directory) Height() int { return tileHeight }

func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// The C2SP path is the Go path without the height.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(d), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func openTree(signed []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is not three lines under the name of its key")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func readHashes(lines []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, line := range lines {
		data, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(data) != tlog.HashSize {
			return nil, fmt.Errorf("not a hash: %q", line)
		}
		hashes = append(hashes, tlog.Hash(data))
	}
	return hashes, nil
}

func readEntries(dir directory, size int64) ([][]byte, error) {
	var entries [][]byte
	for first := int64(0); first < size; first += 1 << tileHeight {
		width := min(size-first, 1<<tileHeight)
		tile := tlog.Tile{H: tileHeight, L: -1, N: first >> tileHeight, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(string(dir), path))
		if err != nil {
			return nil, err
		}
		for ; width > 0; width-- {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s is cut short", path)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			entries = append(entries, data[2:end])
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s is too long", path)
		}
	}
	return entries, nil
}

func checkRequest(dir directory, older, newer tlog.Tree, vkey string) error {
	body, err := os.ReadFile(filepath.Join(string(dir), "request"))
	if err != nil {
		return err
	}
	head, signed, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != fmt.Sprintf("old %d", older.N) {
		return fmt.Errorf("the request starts with %q", lines[0])
	}
	path, err := readHashes(lines[1:])
	if err != nil {
		return err
	}
	if tree, err := openTree([]byte(signed), vkey); err != nil || tree != newer {
		return fmt.Errorf("the request carries another checkpoint: %v", err)
	}
	return tlog.CheckTree(path, newer.N, newer.Hash, older.N, older.Hash)
}

func checkProofFile(file, vkey string, newer tlog.Tree, entries [][]byte) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, _ := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no header")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	path, err := readHashes(lines[2:])
	if err != nil {
		return err
	}
	if tree, err := openTree([]byte(signed), vkey); err != nil || tree != newer {
		return fmt.Errorf("another checkpoint: %v", err)
	}
	return tlog.CheckRecord(path, newer.N, newer.Hash, index, tlog.RecordHash(entries[index]))
}

func check(dir directory, vkey string, stride int64) error {
	var trees []tlog.Tree
	for _, name := range []string{"checkpoint.old", "checkpoint"} {
		signed, err := os.ReadFile(filepath.Join(string(dir), name))
		if err != nil {
			return err
		}
		tree, err := openTree(signed, vkey)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		trees = append(trees, tree)
	}
	older, newer := trees[0], trees[1]
	reader := tlog.TileHashReader(newer, dir)
	if root, err := tlog.TreeHash(newer.N, reader); err != nil || root != newer.Hash {
		return fmt.Errorf("the tiles have the root %v: %v", root, err)
	}
	entries, err := readEntries(dir, newer.N)
	if err != nil {
		return err
	}
	leaves := 0
	for index := int64(0); index < newer.N; index += stride {
		proof, err := tlog.ProveRecord(newer.N, index, reader)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
		if err := tlog.CheckRecord(proof, newer.N, newer.Hash, index, tlog.RecordHash(entries[index])); err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
		leaves++
	}
	proof, err := tlog.ProveTree(newer.N, older.N, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash); err != nil {
		return err
	}
	if err := checkRequest(dir, older, newer, vkey); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(string(dir), "proofs", "*.tlog-proof"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := checkProofFile(file, vkey, newer, entries); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	fmt.Printf("size %d entries %d leaves %d files %d\n", newer.N, len(entries), leaves, len(files))
	return nil
}

func main() {
	dir := flag.String("dir", "", "directory of the log")
	vkey := flag.String("vkey", "", "verifier key of the log")
	stride := flag.Int64("stride", 1, "prove every so many leaves")
	flag.Parse()
	if err := check(directory(*dir), *vkey, *stride); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
