// Package hostile tests what clouds, proxies, transports and connections do that no contract has foreseen: the cases of what once went
// wrong. It has tests only.
package hostile
