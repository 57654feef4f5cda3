// Package tests has the tests of package redisstore: on servers, Clusters, Sentinels,
// and before a Postgres. They are in a folder of their own: what the tests of an
// imported package import, its users get into their go.sum; and who has Redis alone
// need not know Postgres's driver.
package tests
