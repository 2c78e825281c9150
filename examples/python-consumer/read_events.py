"""Prints every event of Funnel's topics, each once and in the order of its partition, as a line of JSON.

It ends at the end of the topics, or goes on with --follow. A consumer of your own saves the last position of each
partition together with what it made of the events, and after a restart goes on with the position behind it.
"""

import argparse
import json
import os
import re
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition


def main():
    options = parse_arguments()
    consumer = Consumer(
        {
            "bootstrap.servers": options.brokers,
            # asked for even where no group shares the partitions
            "group.id": "python-consumer",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "check.crcs": True,
            # one line of ours tells what failed, not one for each of librdkafka's tries
            "log_level": 2,
        }
    )
    try:
        partitions = partitions_of(consumer, options.topics)
        for event in events(consumer, partitions, options.follow):
            print(json.dumps(event), flush=options.follow)
    except KafkaException as failure:
        sys.exit(f"Kafka at {options.brokers}: {failure.args[0].str()}")
    except BrokenPipeError:
        # who reads has seen enough; without this Python would complain when it closes its output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        consumer.close()


def partitions_of(consumer, pattern):
    """The partitions of all topics whose whole name the regular expression matches."""
    known = consumer.list_topics(timeout=10).topics
    topics = [topic for name, topic in known.items() if re.fullmatch(pattern, name)]
    if not topics:
        sys.exit(f"no topic matches {pattern}; there are: {', '.join(sorted(known)) or 'none'}")
    return [TopicPartition(topic.topic, number, OFFSET_BEGINNING) for topic in topics for number in topic.partitions]


def events(consumer, partitions, follow):
    """Each event once, until all partitions have been read to their ends."""
    consumer.assign(partitions)
    unread = {(partition.topic, partition.partition) for partition in partitions}
    last = dict.fromkeys(unread, 0)
    highest = dict(last)
    while unread or follow:
        for record in consumer.consume(num_messages=1000, timeout=1):
            place = (record.topic(), record.partition())
            if record.error():
                if record.error().code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(record.error())
                unread.discard(place)
                continue
            headers = {name: value.decode() for name, value in record.headers() or []}
            position = int(headers.get("position", 0))
            highest[place] = max(highest[place], position)
            # the positions of a partition have no gaps: a lower one is a repeat, which the relay may make after a failure,
            # and a higher one comes again when those before it have come, as in a topic that was made anew
            if position == last[place] + 1:
                last[place] = position
                yield {
                    "topic": record.topic(),
                    "partition": record.partition(),
                    "key": record.key().decode(),
                    "headers": headers,
                    "data": json.loads(record.value()),
                }
    for topic, partition in sorted(place for place in last if last[place] < highest[place]):
        lost = f"{topic}, partition {partition}, goes on without position {last[topic, partition] + 1}"
        sys.exit(f"{lost}: if it has expired, `npx funnel replay` publishes it again")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  python read_events.py | head -3\n"
        "  python read_events.py --topics 'funnel\\.leads\\.v1' --follow | jq .headers.ce_type",
    )
    parser.add_argument("--brokers", default="127.0.0.1:7076", help="host:port[,host:port…] (default: %(default)s)")
    parser.add_argument(
        "--topics",
        default=r"funnel\..*",
        metavar="REGEX",
        help="topics to read (default: %(default)s)",
    )
    parser.add_argument("--follow", action="store_true", help="wait for further events at the end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
