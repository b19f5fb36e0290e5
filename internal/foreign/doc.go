// Package foreign holds tests that drive ecstest with clients of OpenStack that nobody here wrote, gophercloud and openstacksdk. What
// such a client expects of a cloud, and ecstest does not do, is a mistake of ecstest that the SDK's own tests cannot see.
package foreign
