using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Nanodet.Serverless.Functions.Http;

namespace Nanodet.Serverless.Functions.Tests.Http;

public sealed class BodyReaderTests
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
        var reader = Reader();

        using (var read = await reader.ReadAsync(new Trickle(bytes, 7777), announced, Limit, Token))
        {
            Assert.Equal(BodyFault.None, read.Fault);
            Assert.True(read.Bytes.Span.SequenceEqual(bytes));
        }

        Assert.Equal(0, reader.Budget.Used);
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(2_000_000, 2_000_000)]
    [InlineData(1 << 20, 1 << 20)]
    public async Task Read_AsLongAsAllowed_IsTaken(int length, long limit)
    {
        using var read = await Reader().ReadAsync(new Trickle(Bytes(length), 999), null, limit, Token);

        Assert.Equal((BodyFault.None, length), (read.Fault, read.Bytes.Length));
    }

    [Theory]
    [InlineData(101, 100, null)]
    [InlineData(101, 100, 7L)]
    [InlineData(2_000_001, 2_000_000, null)]
    [InlineData((1 << 20) + 1, 1 << 20, null)]
    public async Task Read_LongerThanAllowed_IsRefused(int length, long limit, long? announced)
    {
        var reader = Reader();

        Assert.Equal(BodyFault.TooLarge, await FaultAsync(reader, new Trickle(Bytes(length), 999), announced, limit));
        Assert.Equal(0, reader.Budget.Used);
    }

    [Fact]
    public async Task Read_EndlessBody_StopsBehindTheLimit()
    {
        var endless = new Trickle(Bytes(10_000_000), 64 << 10);

        Assert.Equal(BodyFault.TooLarge, await FaultAsync(Reader(), endless, null, 1_000_000));
        Assert.InRange(endless.Position, 1_000_001, 1_000_000 + (64 << 10));
    }

    [Fact]
    public async Task Read_AnnouncedTooLong_IsRefusedUnread()
    {
        var body = new Trickle(Bytes(10), 10);

        Assert.Equal(BodyFault.TooLarge, await FaultAsync(Reader(), body, Limit + 1, Limit));
        Assert.Equal(0, body.Position);
    }

    [Fact]
    public async Task Read_ManyAnnouncementsWithoutABody_CostLittleMemory()
    {
        var reader = Reader(new BodyOptions { ConcurrentBodies = 600 });
        using var leave = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 600).Select(_ => reader.ReadAsync(new Silent(3), Limit, Limit, leave.Token)).ToArray();

        Assert.InRange(reader.Budget.Used, 1, 600L * BodyReader.FirstBuffer);

        await leave.CancelAsync();
        foreach (var one in waiting)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        }

        Assert.Equal(0, reader.Budget.Used);
    }

    [Fact]
    public async Task Read_NoPlaceLeft_IsRefusedUntilOneIs()
    {
        var reader = Reader(new BodyOptions { ConcurrentBodies = 2 });
        using var leave = new CancellationTokenSource();
        var first = reader.ReadAsync(new Silent(3), 10, Limit, leave.Token);
        var second = reader.ReadAsync(new Silent(3), 10, Limit, leave.Token);

        Assert.Equal(BodyFault.TooMany, await FaultAsync(reader, new Trickle(Bytes(10), 10)));

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(BodyFault.None, await FaultAsync(reader, new Trickle(Bytes(10), 10)));
    }

    [Fact]
    public async Task Read_NoMemoryLeft_IsRefusedUntilABodyIsAnswered()
    {
        var reader = Reader(new BodyOptions { BodyBytes = 1 << 20 });
        var held = await reader.ReadAsync(new Trickle(Bytes(900_000), 9999), null, Limit, Token);
        Assert.Equal(BodyFault.None, held.Fault);

        Assert.Equal(BodyFault.TooMany, await FaultAsync(reader, new Trickle(Bytes(900_000), 9999)));

        held.Dispose();
        Assert.Equal(BodyFault.None, await FaultAsync(reader, new Trickle(Bytes(900_000), 9999)));
    }

    [Fact]
    public async Task Read_OneBodyLargerThanTheBudget_IsTakenAlone() =>
        Assert.Equal(BodyFault.None, await FaultAsync(Reader(new BodyOptions { BodyBytes = 1 << 20 }), new Trickle(Bytes(5 << 20), 99_999)));

    [Fact]
    public async Task Read_BodyThatStopsComing_IsCutByItsRate()
    {
        var time = new FakeTimeProvider();
        var reader = Reader(new BodyOptions { MinBytesPerSecond = 1000 }, time);
        var read = reader.ReadAsync(new Silent(4000), 1_000_000, Limit, Token);

        // Five seconds for any body, and four for four thousand bytes.
        time.Advance(TimeSpan.FromSeconds(8.9));
        Assert.False(read.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));

        using var body = await read.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);
        Assert.Equal(BodyFault.TooSlow, body.Fault);
        Assert.Equal(0, reader.Budget.Used);
    }

    [Fact]
    public async Task Read_AnyRateAllowed_IsCutByItsTime()
    {
        var time = new FakeTimeProvider();
        var reader = Reader(new BodyOptions { MinBytesPerSecond = 0, BodyTime = TimeSpan.FromMinutes(1) }, time);
        var read = reader.ReadAsync(new Silent(4000), null, Limit, Token);

        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(read.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));

        using var body = await read.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, Token);
        Assert.Equal(BodyFault.TooSlow, body.Fault);
    }

    [Theory]
    [InlineData(BodyFault.TooLarge, 413, "image_too_large", null)]
    [InlineData(BodyFault.TooMany, 429, "too_many_bodies", "1")]
    [InlineData(BodyFault.TooSlow, 408, "body_too_slow", null)]
    public async Task BodyRefused_Fault_IsAProblem(object fault, int status, string code, string? retryAfter)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;

        await Problem.BodyRefused((BodyFault)fault, 100).ExecuteAsync(context);

        Assert.Equal((status, Problem.ContentType), (context.Response.StatusCode, context.Response.ContentType));
        Assert.Equal(retryAfter, (string?)context.Response.Headers.RetryAfter);
        using var json = JsonDocument.Parse(body.ToArray());
        Assert.Equal(code, json.RootElement.GetProperty("code").GetString());
    }

    private static async Task<BodyFault> FaultAsync(BodyReader reader, Stream body, long? announced = null, long limit = Limit)
    {
        using var read = await reader.ReadAsync(body, announced, limit, Token);
        return read.Fault;
    }

    private static BodyReader Reader(BodyOptions? options = null, TimeProvider? time = null) =>
        new(Options.Create(options ?? new BodyOptions()), time ?? TimeProvider.System);

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

    /// <summary>A stream that gives a few bytes and then nothing more, without an end.</summary>
    private sealed class Silent(int length) : MemoryStream(new byte[length])
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < Length)
            {
                return await base.ReadAsync(buffer, cancellationToken);
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return 0;
        }
    }
}
