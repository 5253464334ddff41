/** Counters of the translation cache; always on, since they are touched only when code is made, dropped or looked up. */
export interface CacheStatistics {
  /** Blocks translated for tier 0, and guest instructions in them. */
  blocks: number;
  instructions: number;
  /** Regions compiled, guest blocks in them, characters of generated JavaScript. */
  regions: number;
  regionBlocks: number;
  generatedSize: number;
  /** Regions compiled anew because they kept being left by the same exit. */
  regrown: number;
  /** Times that a hot block was not compiled yet, because so much had been compiled already. */
  deferred: number;
  /** Regions dropped because they were left again too soon. */
  unprofitable: number;
  /** Lookups in the dispatcher: found by EIP at once, found by physical address, not found. */
  fastHits: number;
  slowHits: number;
  misses: number;
  /** Links made between blocks, and from region exits. */
  links: number;
  /** Blocks dropped because the guest wrote to their bytes, and because room was needed. */
  invalidated: number;
  evicted: number;
  /** Regions dropped for either reason. */
  regionsInvalidated: number;
  regionsEvicted: number;
  /** Instructions that have run in regions; all others ran in tier 0. */
  compiledInstructions: number;
  /** Instructions of those that tier 0 has repeated, with the same result. */
  verifiedInstructions: number;
  /** Times that a region was left for tier 0 because memory could not be accessed directly. */
  slowExits: number;
  /** Instructions run one at a time outside the cache. */
  singleSteps: number;
  /** Milliseconds spent translating for tier 0 and compiling regions. */
  translateTime: number;
  compileTime: number;
}

export function createStatistics(): CacheStatistics {
  return {
    blocks: 0,
    instructions: 0,
    regions: 0,
    regionBlocks: 0,
    generatedSize: 0,
    regrown: 0,
    deferred: 0,
    unprofitable: 0,
    fastHits: 0,
    slowHits: 0,
    misses: 0,
    links: 0,
    invalidated: 0,
    evicted: 0,
    regionsInvalidated: 0,
    regionsEvicted: 0,
    compiledInstructions: 0,
    verifiedInstructions: 0,
    slowExits: 0,
    singleSteps: 0,
    translateTime: 0,
    compileTime: 0,
  };
}
