using System.Buffers;
using Microsoft.Extensions.Options;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>
/// Reads bodies of requests, which anybody may send. Memory follows what has come, never what was announced; all bodies share a budget; a
/// body that does not come in time is given up.
/// </summary>
/// <param name="options">The limits.</param>
/// <param name="time">The clock.</param>
public sealed class BodyReader(IOptions<BodyOptions> options, TimeProvider time)
{
    /// <summary>What a body gets before anything of it has come, in bytes.</summary>
    internal const int FirstBuffer = 16 << 10;

    /// <summary>Before this time no rate is asked for.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly BodyOptions _options = options.Value;

    /// <summary>What all bodies hold.</summary>
    internal BodyBudget Budget { get; } = new(options.Value.ConcurrentBodies, options.Value.BodyBytes);

    /// <summary>Reads a body into one buffer.</summary>
    /// <param name="body">The body.</param>
    /// <param name="announced">Its length in bytes as a header says, true or not; null where none does.</param>
    /// <param name="limit">The most that is taken, in bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    internal async Task<ReceivedBody> ReadAsync(Stream body, long? announced, long limit, CancellationToken cancellationToken)
    {
        if (announced > limit)
        {
            return ReceivedBody.Refused(Budget, BodyFault.TooLarge);
        }

        if (!Budget.TryEnter())
        {
            return ReceivedBody.Refused(Budget, BodyFault.TooMany);
        }

        try
        {
            return await ReceiveAsync(body, (int)Math.Min(limit, Array.MaxLength), cancellationToken);
        }
        finally
        {
            Budget.Leave();
        }
    }

    private async Task<ReceivedBody> ReceiveAsync(Stream body, int limit, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var late = new CancellationTokenSource(Allowed(0), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var growing = new Growing(Budget);
        try
        {
            while (growing.TryMakeRoom(limit))
            {
                var read = await body.ReadAsync(growing.Room, either.Token);
                if (read == 0)
                {
                    return growing.Finish();
                }

                growing.Length += read;
                if (growing.Length > limit)
                {
                    return ReceivedBody.Refused(Budget, BodyFault.TooLarge);
                }

                var left = Allowed(growing.Length) - time.GetElapsedTime(began);
                late.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }

            return ReceivedBody.Refused(Budget, BodyFault.TooMany);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return ReceivedBody.Refused(Budget, BodyFault.TooSlow);
        }
        finally
        {
            growing.Dispose();
        }
    }

    /// <summary>The time that a body has when so many bytes of it have come.</summary>
    private TimeSpan Allowed(long length)
    {
        if (_options.MinBytesPerSecond == 0)
        {
            return _options.BodyTime;
        }

        var byRate = Grace + TimeSpan.FromSeconds((double)length / _options.MinBytesPerSecond);
        return byRate < _options.BodyTime ? byRate : _options.BodyTime;
    }

    /// <summary>A rented buffer that doubles when it is full.</summary>
    private sealed class Growing(BodyBudget budget) : IDisposable
    {
        // A read into it shows that more comes than the limit allows: the buffer itself need not be larger than the limit.
        private readonly byte[] _beyond = new byte[1];
        private byte[] _buffer = [];

        public int Length { get; set; }

        public Memory<byte> Room => Length < _buffer.Length ? _buffer.AsMemory(Length) : _beyond;

        /// <summary>Makes room for more.</summary>
        /// <returns>False when the budget has none.</returns>
        public bool TryMakeRoom(int limit)
        {
            if (Length < _buffer.Length || Length == limit)
            {
                return true;
            }

            var wanted = (int)Math.Min(Math.Max(2L * _buffer.Length, FirstBuffer), Math.Max(limit, 1));
            var larger = ArrayPool<byte>.Shared.Rent(wanted);
            if (!budget.TryTake(_buffer.Length, larger.Length))
            {
                ArrayPool<byte>.Shared.Return(larger);
                return false;
            }

            _buffer.AsSpan(0, Length).CopyTo(larger);
            Dispose();
            _buffer = larger;
            return true;
        }

        /// <summary>Hands the buffer on.</summary>
        public ReceivedBody Finish()
        {
            var body = ReceivedBody.Of(budget, _buffer, Length);
            _buffer = [];
            return body;
        }

        /// <summary>Gives the buffer back; nobody else has it.</summary>
        public void Dispose()
        {
            if (_buffer.Length > 0)
            {
                budget.Give(_buffer.Length);
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = [];
            }
        }
    }
}
