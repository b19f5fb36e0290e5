// Package journal keeps lines of JSON in a file, so that they outlive the process that wrote them, and its machine.
//
// It knows nothing of reverts: its user gives a meaning to the lines. A line that [File.Append] has returned nil for is on the
// disk. A file belongs to one process at a time.
package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync"
)

// Sentinels.
var (
	// ErrInUse: another process, or another part of this one, has the file open.
	ErrInUse = errors.New("somebody else has it open")
	// ErrUnusable: this is no journal, or none that can be read.
	ErrUnusable = errors.New("not a usable journal")
	// ErrTooLong: a line is not accepted, and nothing was written.
	ErrTooLong = errors.New("the entry is too long")

	errClosed = errors.New("journal is closed")
)

// maxLine bounds a line with its end. Those of this project have about a thousand bytes.
const maxLine = 1 << 20

// File is an open journal. It is safe for concurrent use. Create it with [Open].
type File struct {
	path string
	file *os.File

	mu     sync.Mutex
	next   *batch // gathers lines while the batch before it is written; nil if there are none
	err    error  // why nothing can be written any more
	closed bool

	disk    sync.Mutex // held while a batch is written
	end     int64      // of the last whole line; guarded by disk, like torn
	torn    bool       // there is a rest behind end, of a line that was never written
	commits sync.WaitGroup
}

// batch is lines that share one write and one sync.
type batch struct {
	lines []byte
	done  chan struct{}
	err   error // once done
}

// Open opens a journal, or makes one that only its owner can read. It holds the file against others until it is closed, and
// changes nothing of a file that it refuses.
func Open(path string) (_ *File, err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // opening a pipe or a device can block
		return nil, fmt.Errorf("open %s: %w: not a regular file", path, ErrUnusable)
	}
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, file: file}
	defer func() {
		if err != nil {
			_ = file.Close() // the error that counts is there already
		}
	}()
	if err := lock(file); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := f.begin(); err != nil {
		return nil, err
	}
	for _, err := range f.lines(&f.end) {
		if err != nil {
			return nil, err
		}
	}
	size, err := f.file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	f.torn = size > f.end
	return f, nil
}

// begin checks the header, and writes one into a file that has none yet.
func (f *File) begin() error {
	first := make([]byte, 1<<10) // enough for whatever a later version adds to its header
	n, err := f.file.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	line, _, whole := bytes.Cut(first[:n], []byte("\n"))
	if !whole && bytes.HasPrefix([]byte(header), line) { // new, or a process died while it wrote this
		if err := f.write([]byte(header + "\n")); err != nil {
			return err
		}
		return syncDir(filepath.Dir(f.path))
	}
	if err := checkHeader(line); err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	return nil
}

// Lines yields the lines that were whole when the journal was opened, or have been appended since, with their numbers in the
// file, and ends after an error. A line is valid until the next one is asked for.
func (f *File) Lines() iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f.disk.Lock()
		end := f.end
		f.disk.Unlock()
		for line, err := range f.lines(nil) {
			if line.end > end || !yield(line, err) {
				return
			}
		}
	}
}

// Line is a line of a journal.
type Line struct {
	Number int // in the file, from 1
	Text   []byte

	end int64 // in the file
}

// lines yields the whole lines after the header. The end of the last of them goes into end, unless that is nil.
func (f *File) lines(end *int64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		var at int64
		scanner := bufio.NewScanner(io.NewSectionReader(f.file, 0, 1<<62))
		scanner.Buffer(nil, maxLine)
		scanner.Split(func(data []byte, _ bool) (int, []byte, error) {
			n := bytes.IndexByte(data, '\n') + 1
			if n == 0 {
				return 0, nil, nil // a rest without an end is no line
			}
			at += int64(n)
			return n, data[:n-1], nil
		})
		number := 0
		for scanner.Scan() {
			if number++; end != nil {
				*end = at
			}
			if number > 1 && !yield(Line{Number: number, Text: scanner.Bytes(), end: at}, nil) {
				return
			}
		}
		if err := scanner.Err(); err != nil {
			yield(Line{}, f.readError(number+1, err))
		}
	}
}

func (f *File) readError(line int, err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		err = fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	return fmt.Errorf("read %s: line %d: %w", f.path, line, err)
}

// Name returns the path of the file.
func (f *File) Name() string { return f.path }

// Append writes a line, and returns when it is on the disk. Lines that come while others are written share the next write.
// After a failure nothing is written any more: what the disk holds is then not known. When the context ends first, the line
// may or may not be written. A line that could not be read again is refused: ErrTooLong.
func (f *File) Append(ctx context.Context, line []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(line) >= maxLine {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(line), maxLine-1)
	}
	f.mu.Lock()
	if f.closed || f.err != nil {
		defer f.mu.Unlock()
		if f.err != nil {
			return f.err
		}
		return errClosed
	}
	b := f.next
	if b == nil {
		b = &batch{done: make(chan struct{})}
		f.next = b
		f.commits.Go(func() { f.commit(b) })
	}
	b.lines = append(append(b.lines, line...), '\n')
	f.mu.Unlock()
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit writes a batch. While it waits for the batch before, more lines join it.
func (f *File) commit(b *batch) {
	defer close(b.done)
	f.disk.Lock()
	defer f.disk.Unlock()
	f.mu.Lock()
	f.next = nil
	b.err = f.err
	f.mu.Unlock()
	if b.err != nil {
		return
	}
	if b.err = f.write(b.lines); b.err != nil {
		f.mu.Lock()
		f.err = b.err
		f.mu.Unlock()
	}
}

// write writes whole lines behind the last one, in place of a torn rest, and syncs them.
func (f *File) write(lines []byte) error {
	if f.torn {
		if err := f.file.Truncate(f.end); err != nil {
			return fmt.Errorf("cut off the torn end of %s: %w", f.path, err)
		}
		f.torn = false
	}
	if _, err := f.file.WriteAt(lines, f.end); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	if err := f.file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", f.path, err)
	}
	f.end += int64(len(lines))
	return nil
}

// Close waits for the lines under way, and closes the file for others. It returns why a line could not be written, if there
// is one.
func (f *File) Close() error {
	f.mu.Lock()
	first := !f.closed
	f.closed = true
	f.mu.Unlock()
	f.commits.Wait()
	if first {
		if err := f.file.Close(); err != nil && f.err == nil {
			f.err = fmt.Errorf("close %s: %w", f.path, err)
		}
	}
	return f.err
}
