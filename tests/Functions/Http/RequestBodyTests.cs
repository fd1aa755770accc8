using System.Runtime.InteropServices;
using Nanodet.Serverless.Functions.Http;

namespace Nanodet.Serverless.Functions.Tests.Http;

public sealed class RequestBodyTests
{
    private const long Limit = 64 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, null)]
    [InlineData(0, 0L)]
    [InlineData(1000, 1000L)]
    [InlineData(1000, null)]
    [InlineData(3_000_000, 3_000_000L)]
    [InlineData(3_000_000, null)]
    [InlineData(3_000_000, 5L)]
    [InlineData(3_000_000, 60_000_000L)]
    public async Task Read_WhateverWasAnnounced_HasEveryByte(int length, long? announced)
    {
        var bytes = Bytes(length);

        var read = await RequestBody.ReadAsync(new Trickle(bytes, 7777), announced, Limit, Token);

        Assert.True(read!.Value.Span.SequenceEqual(bytes));
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(2_000_000, 2_000_000)]
    public async Task Read_AsLongAsAllowed_IsTaken(int length, long limit) =>
        Assert.Equal(length, (await RequestBody.ReadAsync(new Trickle(Bytes(length), 999), null, limit, Token))!.Value.Length);

    [Theory]
    [InlineData(101, 100, null)]
    [InlineData(101, 100, 7L)]
    [InlineData(2_000_001, 2_000_000, null)]
    public async Task Read_LongerThanAllowed_IsRefused(int length, long limit, long? announced) =>
        Assert.Null(await RequestBody.ReadAsync(new Trickle(Bytes(length), 999), announced, limit, Token));

    [Fact]
    public async Task Read_EndlessBody_StopsBehindTheLimit()
    {
        var endless = new Trickle(Bytes(10_000_000), 64 << 10);

        Assert.Null(await RequestBody.ReadAsync(endless, null, 1_000_000, Token));
        Assert.InRange(endless.Position, 1_000_001, 1_000_001);
    }

    [Fact]
    public async Task Read_AnnouncedTooLong_IsRefusedUnread()
    {
        var body = new Trickle(Bytes(10), 10);

        Assert.Null(await RequestBody.ReadAsync(body, Limit + 1, Limit, Token));
        Assert.Equal(0, body.Position);
    }

    [Fact]
    public async Task Read_AnnouncementWithoutABody_CostsLittleMemory()
    {
        var body = new Trickle(Bytes(100), 100);
        await RequestBody.ReadAsync(body, 10, Limit, Token);
        body.Position = 0;

        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = RequestBody.ReadAsync(body, Limit, Limit, Token);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // The body is in memory, so that all of it happened on this thread.
        Assert.True(read.IsCompletedSuccessfully);
        Assert.Equal(100, (await read)!.Value.Length);
        Assert.InRange(allocated, 1, RequestBody.Trusted + 10_000);
    }

    [Fact]
    public async Task Read_TrueAnnouncement_HasABufferOfThatSize()
    {
        var read = await RequestBody.ReadAsync(new Trickle(Bytes(3_000_000), 5000), 3_000_000, Limit, Token);

        Assert.True(MemoryMarshal.TryGetArray(read!.Value, out var segment));
        Assert.Equal(3_000_001, segment.Array!.Length);
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A stream that gives a few bytes at a time, as a network does.</summary>
    private sealed class Trickle(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, most)], cancellationToken);
    }
}
