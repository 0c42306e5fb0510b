// Clients of HTTP for test/several-machines/cost.ts, in C so that they are not what is measured. One thread, epoll.
// http-load SECONDS AMOUNT CONNECTIONS ADDRESS:PORT…: each connection, which are spread evenly over the servers, sends one of
// the requests of standard input after the other, for so long or, where AMOUNT is not 0, until there were so many answers.
// Input: for each request its bytes as a number and a line feed, then the request. Prints one JSON object.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <netinet/tcp.h>

enum { MAX_REQUESTS = 64, MAX_CONNECTIONS = 1024, ANSWER = 4 * 1024 * 1024 };

static struct { char *text; size_t length; } requests[MAX_REQUESTS];
static struct { int fd; size_t got; char *answer; int turn; } connections[MAX_CONNECTIONS];
static size_t requestCount;
static uint64_t answered, refused;

static void die(const char *what) { perror(what); exit(1); }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void readRequests(void) {
  size_t length;
  while (requestCount < MAX_REQUESTS && scanf("%zu", &length) == 1) {
    char *text = malloc(length);
    if (getchar() != '\n' || !text || fread(text, 1, length, stdin) != length) die("requests");
    requests[requestCount].text = text;
    requests[requestCount++].length = length;
  }
  if (requestCount == 0) die("no requests");
}

static int connectTo(char *place) {
  char *colon = strrchr(place, ':');
  char address[64] = {0};
  memcpy(address, place, (size_t)(colon - place));
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
  inet_pton(AF_INET, address, &to.sin_addr);
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die(place);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

// Requests are far smaller than a socket's buffer, so one write takes them.
static void ask(int index) {
  size_t which = (size_t)connections[index].turn++ % requestCount;
  connections[index].got = 0;
  if (send(connections[index].fd, requests[which].text, requests[which].length, 0) != (ssize_t)requests[which].length) die("send");
}

// 1 when a whole answer is there, which is counted.
static int whole(int index) {
  char *answer = connections[index].answer;
  answer[connections[index].got] = 0;
  char *end = strstr(answer, "\r\n\r\n");
  if (!end) return 0;
  char *length = strcasestr(answer, "\r\ncontent-length:");
  if (!length || length > end) {
    fprintf(stderr, "an answer without a length\n");
    exit(1);
  }
  if (connections[index].got < (size_t)(end + 4 - answer) + strtoul(length + 17, 0, 10)) return 0;
  answered++;
  if (answer[9] != '2') refused++;
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 5) die("http-load SECONDS AMOUNT CONNECTIONS ADDRESS:PORT...");
  double seconds = atof(argv[1]);
  uint64_t amount = strtoull(argv[2], 0, 10);
  int count = atoi(argv[3]), poll = epoll_create1(0);
  if (count > MAX_CONNECTIONS) die("too many connections");
  readRequests();
  for (int index = 0; index < count; index++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = index};
    connections[index].answer = malloc(ANSWER + 1);
    connections[index].fd = connectTo(argv[4 + index % (argc - 4)]);
    connections[index].turn = index;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, connections[index].fd, &event)) die("epoll_ctl");
  }
  double start = now();
  for (int index = 0; index < count; index++) ask(index);
  while (amount ? answered < amount : now() - start < seconds) {
    struct epoll_event events[64];
    int ready = epoll_wait(poll, events, 64, 1000);
    for (int event = 0; event < ready; event++) {
      int index = events[event].data.fd;
      char *answer = connections[index].answer;
      ssize_t got = recv(connections[index].fd, answer + connections[index].got, ANSWER - connections[index].got, 0);
      if (got <= 0) die("an answer");
      connections[index].got += (size_t)got;
      if (whole(index)) ask(index);
    }
  }
  printf("{\"requests\": %llu, \"refused\": %llu, \"seconds\": %f}\n", (unsigned long long)answered, (unsigned long long)refused, now() - start);
  return 0;
}
