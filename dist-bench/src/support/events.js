/**
 * The one source of events within the process. Whoever causes something emits it here; the log, the journal and the
 * metrics read it. Readers run at once, in the order in which they subscribed, and must return quickly.
 */
/** Carries events from those who cause them to those who read them. */
export class Events {
    #readers = new Set();
    #readerFailed;
    /** `readerFailed` gets what a reader throws: it must stop neither the cause nor the other readers. */
    constructor(readerFailed) {
        this.#readerFailed = readerFailed;
    }
    emit(name, event) {
        for (const reader of this.#readers) {
            try {
                reader({ name, event });
            }
            catch (error) {
                this.#readerFailed(error);
            }
        }
    }
    /** Reads every event; the result ends that. */
    readAll(reader) {
        this.#readers.add(reader);
        return () => this.#readers.delete(reader);
    }
    /** Reads the events of one name; the result ends that. */
    read(name, reader) {
        return this.readAll((one) => {
            if (one.name === name)
                reader(one.event);
        });
    }
}
//# sourceMappingURL=events.js.map