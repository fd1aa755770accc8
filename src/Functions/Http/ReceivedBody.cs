using System.Buffers;

namespace Nanodet.Serverless.Functions.Http;

/// <summary>A body in memory, or why there is none. Whoever has it disposes it when its request is answered.</summary>
internal sealed class ReceivedBody : IDisposable
{
    private readonly BodyBudget _budget;
    private byte[] _buffer;
    private int _length;

    private ReceivedBody(BodyBudget budget, byte[] buffer, int length, BodyFault fault)
    {
        _budget = budget;
        _buffer = buffer;
        _length = length;
        Fault = fault;
    }

    /// <summary>Why there are no bytes.</summary>
    public BodyFault Fault { get; }

    /// <summary>The bytes; empty after <see cref="Recycle"/>.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>A body that came.</summary>
    /// <param name="budget">Has its buffer's length on account.</param>
    /// <param name="buffer">Rented from the shared pool.</param>
    /// <param name="length">Bytes of the body in it.</param>
    public static ReceivedBody Of(BodyBudget budget, byte[] buffer, int length) => new(budget, buffer, length, BodyFault.None);

    /// <summary>A body that was not taken; it holds nothing.</summary>
    public static ReceivedBody Refused(BodyBudget budget, BodyFault fault) => new(budget, [], 0, fault);

    /// <summary>
    /// Lets another request have the buffer. Only for who knows that nobody reads the bytes any more: a run that was given up may still.
    /// </summary>
    public void Recycle()
    {
        if (Forget() is { Length: > 0 } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Takes the buffer off the account and leaves it to the garbage collector, unless it was recycled.</summary>
    public void Dispose() => Forget();

    private byte[] Forget()
    {
        var buffer = _buffer;
        (_buffer, _length) = ([], 0);
        _budget.Give(buffer.Length);
        return buffer;
    }
}
