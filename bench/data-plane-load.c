// Load generator and backend of bench/data-plane.ts and bench/kernel-engine.ts, in C so that it is not what is measured. One thread, epoll.
// load MODE TARGET:PORT BACKEND:PORT SECONDS PARALLEL [NETWORK], modes bulk, connections, pingpong, mixed, udp; the backend is
// then a process on core 1, in the network namespace that the file NETWORK names. `mixed`: PARALLEL transfers, and beside
// them one new connection after the other, whose latency is measured. Prints one JSON object.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, MESSAGE = 64, MAX_FD = 4096, MAX_SAMPLES = 4 * 1000 * 1000 };
enum kind { NONE, LISTENER, SERVER, CLIENT, BULK, UDP_SERVER, UDP_CLIENT };

static int epoll_fd, parallel, serves = 1, calls = 1, ready[2];
static char mode;
static struct sockaddr_in target, backend;
static char chunk[CHUNK], message[MESSAGE], transfer[CHUNK];
static struct { enum kind kind; uint64_t started; int got; } fds[MAX_FD];
static uint64_t own_bytes, *received = &own_bytes, done, failed;
static uint32_t *samples;
static uint64_t end;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what) { perror(what); exit(1); }

// The backend as a process of its own, in another namespace; what it received is counted in shared memory.
static pid_t apart(const char *network) {
  received = mmap(0, sizeof *received, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (pipe(ready)) die("pipe");
  pid_t child = fork();
  serves = child == 0;
  calls = !serves;
  if (child != 0) {
    char byte;
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1) exit(1);
    return child;
  }
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(1, &core);
  sched_setaffinity(0, sizeof core, &core);
  int there = open(network, O_RDONLY);
  if (there < 0 || setns(there, CLONE_NEWNET)) die(network);
  return 0;
}

static struct sockaddr_in parse(char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  char *colon = strchr(text, ':');
  *colon = 0;
  inet_pton(AF_INET, text, &address.sin_addr);
  address.sin_port = htons((uint16_t)atoi(colon + 1));
  return address;
}

static void watch(int fd, enum kind kind, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (fd >= MAX_FD) die("too many sockets");
  fds[fd].kind = kind;
  fds[fd].got = 0;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

static int stream(void) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void sample(uint64_t ns) {
  if (done < MAX_SAMPLES) samples[done] = (uint32_t)(ns / 100);
  done++;
}

static void connect_client(void) {
  int fd = stream();
  uint64_t started = now();
  if (connect(fd, (struct sockaddr *)&target, sizeof target) && errno != EINPROGRESS) {
    failed++;
    close(fd);
    return;
  }
  watch(fd, CLIENT, EPOLLIN | EPOLLOUT);
  fds[fd].started = started;
}

static void again(int fd) {
  struct linger none = {1, 0};
  if (mode == 'c' || mode == 'm') close(fd);
  else { setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none); close(fd); }
  if (now() < end) connect_client();
}

static void on_client(int fd, uint32_t events) {
  if (events & (EPOLLERR | EPOLLHUP)) { failed++; again(fd); return; }
  if (mode == 'b') {
    if (send(fd, chunk, CHUNK, MSG_NOSIGNAL) < 0 && errno != EAGAIN) { failed++; again(fd); }
    return;
  }
  if (events & EPOLLOUT) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
    if (mode == 'p') fds[fd].started = now();
    send(fd, message, MESSAGE, MSG_NOSIGNAL);
  }
  if (!(events & EPOLLIN)) return;
  ssize_t n = recv(fd, chunk, MESSAGE, 0);
  if (n <= 0) { failed++; again(fd); return; }
  if ((fds[fd].got += (int)n) < MESSAGE) return;
  fds[fd].got = 0;
  sample(now() - fds[fd].started);
  if (mode == 'c' || mode == 'm') { again(fd); return; }
  fds[fd].started = now();
  send(fd, message, MESSAGE, MSG_NOSIGNAL);
}

static void on_server(int fd) {
  ssize_t n = recv(fd, chunk, mode == 'b' || mode == 'm' ? CHUNK : MESSAGE, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) { close(fd); return; }
  *received += (uint64_t)n;
  // A transfer consists of ones.
  if (mode != 'b' && chunk[0] != 1) send(fd, chunk, (size_t)n, MSG_NOSIGNAL);
}

static void on_bulk(int fd) {
  if (send(fd, transfer, CHUNK, MSG_NOSIGNAL) < 0 && errno != EAGAIN) { failed++; close(fd); }
}

static void on_udp_server(int fd) {
  struct sockaddr_in from;
  for (int i = 0; i < 64; i++) {
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(fd, chunk, CHUNK, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (n < 0) return;
    sendto(fd, chunk, (size_t)n, 0, (struct sockaddr *)&from, size);
  }
}

static void on_udp_client(int fd) {
  for (int i = 0; i < 64; i++) {
    if (recv(fd, chunk, MESSAGE, MSG_DONTWAIT) < 0) return;
    done++;
    send(fd, chunk, MESSAGE, 0);
  }
}

static void open_all(void) {
  int one = 1, big = 4 << 20;
  if (mode == 'u') {
    if (serves) {
      int fd = socket(AF_INET, SOCK_DGRAM, 0);
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
      if (bind(fd, (struct sockaddr *)&backend, sizeof backend)) die("bind");
      watch(fd, UDP_SERVER, EPOLLIN);
    }
    for (int i = 0; calls && i < parallel; i++) {
      int client = socket(AF_INET, SOCK_DGRAM, 0);
      if (connect(client, (struct sockaddr *)&target, sizeof target)) die("connect");
      watch(client, UDP_CLIENT, EPOLLIN);
      for (int j = 0; j < 16; j++) send(client, chunk, MESSAGE, 0);
    }
    return;
  }
  if (serves) {
    int listener = stream();
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&backend, sizeof backend) || listen(listener, 1024)) die("listen");
    watch(listener, LISTENER, EPOLLIN);
  }
  for (int i = 0; calls && mode == 'm' && i < parallel; i++) {
    int fd = stream();
    if (connect(fd, (struct sockaddr *)&target, sizeof target) && errno != EINPROGRESS) die("connect");
    watch(fd, BULK, EPOLLOUT);
  }
  for (int i = 0; calls && i < (mode == 'm' ? 1 : parallel); i++) connect_client();
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double cpu_of(int who) {
  struct rusage used;
  getrusage(who, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  mode = argv[1][0];
  target = parse(argv[2]);
  backend = parse(argv[3]);
  parallel = atoi(argv[5]);
  pid_t other = argc > 6 ? apart(argv[6]) : 0;
  memset(transfer, 1, sizeof transfer);
  samples = malloc(MAX_SAMPLES * sizeof *samples);
  epoll_fd = epoll_create1(0);
  uint64_t begin = now();
  end = begin + (uint64_t)(atof(argv[4]) * 1e9);
  open_all();
  if (!calls && write(ready[1], "!", 1) != 1) return 1;
  struct epoll_event events[256];
  while (!calls || now() < end) {
    int n = epoll_wait(epoll_fd, events, 256, 10);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      switch (fds[fd].kind) {
        case LISTENER:
          for (int client; (client = accept4(fd, 0, 0, SOCK_NONBLOCK)) >= 0;) watch(client, SERVER, EPOLLIN);
          break;
        case SERVER: on_server(fd); break;
        case CLIENT: on_client(fd, events[i].events); break;
        case BULK: on_bulk(fd); break;
        case UDP_SERVER: on_udp_server(fd); break;
        case UDP_CLIENT: on_udp_client(fd); break;
        default: break;
      }
    }
  }
  if (other) {
    kill(other, SIGKILL);
    waitpid(other, 0, 0);
  }
  double cpu = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
  double seconds = (double)(now() - begin) / 1e9;
  uint64_t kept = done < MAX_SAMPLES ? done : MAX_SAMPLES;
  qsort(samples, kept, sizeof *samples, ascending);
  printf("{\"seconds\":%.4f,\"bytes\":%llu,\"done\":%llu,\"failed\":%llu,\"p50us\":%.1f,\"p99us\":%.1f,\"cpu\":%.4f}\n", seconds,
         (unsigned long long)*received, (unsigned long long)done, (unsigned long long)failed,
         kept ? samples[kept / 2] / 10.0 : 0, kept ? samples[kept * 99 / 100] / 10.0 : 0, cpu);
  return 0;
}
