/**
 * An ATAPI CD-ROM drive over a BlockStore with sectors of 2048 bytes: the packet protocol. What the packets mean is in
 * cdrom-commands.ts.
 *
 * Source: ATA/ATAPI-6 (T13 1410D), clauses 8.23 and 9.8.
 */
import type { BlockStore } from '../../bus/block-store.ts';
import { identifyCd } from './ata-identity.ts';
import { CdRom, type Reply } from './cdrom-commands.ts';
import {
  type Cable,
  COUNT,
  Drive,
  ERROR_ABORTED,
  FEATURES,
  LBA_HIGH,
  LBA_MID,
  STATUS_BUSY,
  STATUS_DSC,
  STATUS_ERROR,
  STATUS_READY,
} from './drive.ts';

const PACKET_BYTES = 12;
const USES_DMA = 1;
const SET_TRANSFER_MODE = 0x03;

/** Interrupt reason, in the count register: a command (and not data) is meant; it goes to the host. */
const REASON_COMMAND = 1;
const REASON_TO_HOST = 2;

export class AtapiCdRom extends Drive {
  protected readonly signature = 0xeb14;
  private readonly serial: string;
  private readonly cd: CdRom;
  private transferMode = 0;

  /** @param medium the disc, or nothing while the drive is empty.  @throws RangeError when its sectors are not of 2048 bytes. */
  constructor(cable: Cable, medium?: BlockStore, serial = 'XL86-CD01') {
    super(cable);
    this.serial = serial;
    this.cd = new CdRom(medium);
  }

  /** Put another disc in, or take it out. */
  setMedium(medium: BlockStore | undefined): void {
    this.cd.setMedium(medium);
  }

  protected resetSettings(): void {
    this.cd.reset();
  }

  protected execute(command: number): void {
    switch (command) {
      case 0x08: // DEVICE RESET: no interrupt
        this.putSignature();
        return;
      case 0x90: // EXECUTE DEVICE DIAGNOSTIC
        this.putSignature();
        this.setInterrupt(true);
        return;
      case 0xa0:
        this.registers[COUNT] = REASON_COMMAND;
        this.demand(PACKET_BYTES, () => this.afterThinking(() => this.runPacket()));
        return;
      case 0xa1:
        this.buffer.set(identifyCd(this.transferMode, this.serial));
        this.offer(0, 512, () => {
          this.status = STATUS_READY | STATUS_DSC;
        });
        return;
      case 0xec: // IDENTIFY DEVICE: refused, with the signature that tells what this is
      case 0x20:
        this.putSignature();
        this.fail(ERROR_ABORTED);
        return;
      case 0xef:
        if (this.registers[FEATURES] === SET_TRANSFER_MODE) this.transferMode = this.registers[COUNT]!;
        this.finish();
        return;
      case 0xe5: // CHECK POWER MODE
        this.registers[COUNT] = 0xff;
        this.finish();
        return;
      case 0xe0: // STANDBY, IDLE, SLEEP
      case 0xe1:
      case 0xe6:
        this.finish();
        return;
      default:
        this.fail(ERROR_ABORTED);
    }
  }

  private runPacket(): void {
    const reply = this.cd.execute(this.buffer.subarray(0, PACKET_BYTES));
    switch (reply.kind) {
      case 'done':
        this.finishPacket();
        break;
      case 'failed':
        this.failPacket(reply.senseKey);
        break;
      case 'bytes':
        this.buffer.set(reply.bytes);
        if (reply.bytes.length === 0) this.finishPacket();
        else this.send(reply.bytes.length, () => this.finishPacket());
        break;
      case 'sectors':
        this.sendSectors(reply, reply.sector, reply.count);
    }
  }

  /** Sectors to the host, as many at a time as the buffer holds. */
  private sendSectors(reply: Extract<Reply, { kind: 'sectors' }>, sector: number, left: number): void {
    if (left === 0) {
      this.finishPacket();
      return;
    }
    const { headerBytes, trailerBytes, store } = reply;
    const stride = headerBytes + store.sectorBytes + trailerBytes;
    const count = Math.min(left, Math.floor(this.buffer.length / stride));
    this.wait(
      () => this.load(reply, sector, count),
      () => this.send(count * stride, () => this.sendSectors(reply, sector + count, left - count)),
      () => this.failPacket(this.cd.readFailed()),
    );
  }

  /** Fill the buffer; a raw sector has a header before its data and checks after it. */
  private load(
    { headerBytes, trailerBytes, store, header }: Extract<Reply, { kind: 'sectors' }>,
    sector: number,
    count: number,
  ): undefined | Promise<void> {
    const { buffer } = this;
    const { sectorBytes } = store;
    if (headerBytes + trailerBytes === 0) return store.read(sector, buffer.subarray(0, count * sectorBytes));
    const stride = headerBytes + sectorBytes + trailerBytes;
    const plain = new Uint8Array(count * sectorBytes);
    const spread = (): undefined => {
      buffer.fill(0, 0, count * stride);
      for (let i = 0; i < count; i++) {
        buffer.set(header(sector + i), i * stride);
        buffer.set(plain.subarray(i * sectorBytes, (i + 1) * sectorBytes), i * stride + headerBytes);
      }
    };
    const pending = store.read(sector, plain);
    return pending ? pending.then(spread) : spread();
  }

  /** The first `bytes` of the buffer to the host, by the bus master or in blocks as long as the host allows. */
  private send(bytes: number, then: () => void): void {
    if ((this.registers[FEATURES]! & USES_DMA) === 0) {
      const limit = (this.registers[LBA_MID]! | (this.registers[LBA_HIGH]! << 8)) & 0xfffe || 0xfffe;
      this.sendBlock(0, bytes, limit, then);
      return;
    }
    this.status = STATUS_BUSY;
    this.busMaster.request(this, () =>
      this.afterMoving(bytes, () => {
        if (this.busMaster.move(this.buffer.subarray(0, bytes), true)) then();
      }),
    );
  }

  private sendBlock(from: number, bytes: number, limit: number, then: () => void): void {
    const count = Math.min(bytes - from, limit);
    this.registers[COUNT] = REASON_TO_HOST;
    this.registers[LBA_MID] = count;
    this.registers[LBA_HIGH] = count >>> 8;
    this.offer(from, from + count, () => {
      // The limit stays what the host said, whatever the registers show meanwhile.
      this.registers[LBA_MID] = limit;
      this.registers[LBA_HIGH] = limit >>> 8;
      this.afterMoving(count, () => {
        if (from + count < bytes) this.sendBlock(from + count, bytes, limit, then);
        else then();
      });
    });
  }

  private finishPacket(): void {
    this.registers[COUNT] = REASON_COMMAND | REASON_TO_HOST;
    this.finish();
  }

  private failPacket(senseKey: number): void {
    this.registers[COUNT] = REASON_COMMAND | REASON_TO_HOST;
    this.error = (senseKey << 4) | ERROR_ABORTED;
    this.status = STATUS_READY | STATUS_ERROR;
    this.setInterrupt(true);
  }
}
