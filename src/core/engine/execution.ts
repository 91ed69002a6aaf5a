/** The state of an execution. Written with the engine. */
export {};
