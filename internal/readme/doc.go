// Package readme tests what the READMEs say: that their code compiles, their links lead somewhere and both say the same.
package readme
