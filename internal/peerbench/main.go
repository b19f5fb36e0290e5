// Command peerbench runs this SDK beside gophercloud, Huawei's Go SDK and a program written by hand with net/http, all in
// one process against a cloud on loopback, and prints what each takes as a table.
//
//	go run . [-rounds 5] [-reverts 3000] [-servers 10000]
//	go run . size
//
// A module of its own keeps the dependencies of the other SDKs away from this one's users. Nothing here is for anybody's
// import.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("peerbench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "how often each is measured, in turns; the table has the medians")
	reverts := flags.Int("reverts", 3000, "reverts of a round")
	servers := flags.Int("servers", 10_000, "servers of the fleet; 0 leaves it out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() == 1 && flags.Arg(0) == "size":
		return printSizes(ctx, out)
	case flags.NArg() > 0:
		return fmt.Errorf("unknown command %q", flags.Arg(0))
	case *rounds < 1 || *reverts < 1 || *servers < 0:
		return errors.New("-rounds and -reverts begin at 1, -servers at 0")
	}
	if err := printReverts(ctx, out, *rounds, *reverts); err != nil {
		return err
	}
	if *servers == 0 {
		return nil
	}
	return printFleets(ctx, out, *rounds, *servers)
}
