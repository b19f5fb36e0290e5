// Package oracle holds tests alone: it compares what the SDK makes of an environment and its files with what the loader of
// openstacksdk itself makes of them. The vendor's SDK is asked in the nested module vendorsdk.
package oracle
