/** What every device model is to its board. Its constructor takes the parts of the bus that it uses and claims them. */
export interface Device {
  /** Back to the state after power-on, as the RESET line does. */
  reset(): void;
}
