module balancer

go 1.25
