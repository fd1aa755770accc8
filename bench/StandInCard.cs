using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// A card that takes time and no processor: its runs take turns, each for as long as one was measured to take, and the caller sleeps
/// meanwhile. What is left to measure is what feeds it.
/// </summary>
/// <param name="secondsOfRun">Seconds of a run, for each size.</param>
internal sealed class StandInCard(IReadOnlyDictionary<int, double> secondsOfRun)
{
    // Never set: a run is over when its time is.
    private static readonly ManualResetEvent Never = new(false);

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<nint, bool> _filled = [];
    private long _freeAt;
    private long _busyTicks;
    private long _runs;
    private long _images;

    /// <summary>Sizes of runs.</summary>
    internal IEnumerable<int> Sizes => secondsOfRun.Keys;

    /// <summary>Time that runs took, their number, and their images, since the last call.</summary>
    internal (TimeSpan Busy, long Runs, long Images) Read() => (
        Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _busyTicks, 0)),
        Interlocked.Exchange(ref _runs, 0),
        Interlocked.Exchange(ref _images, 0));

    /// <summary>A session for runs of one size.</summary>
    /// <param name="size">Images of a run.</param>
    /// <param name="outputs">What a model gave for some images: a block of an output gets them once, as nothing copies on the processor.</param>
    internal IShapeSession Open(int size, IReadOnlyList<float[]> outputs) => new Session(this, size, outputs);

    private void Run(int size, int images)
    {
        var ticks = (long)(secondsOfRun[size] * Stopwatch.Frequency);
        long end;
        lock (_gate)
        {
            _freeAt = Math.Max(_freeAt, Stopwatch.GetTimestamp()) + ticks;
            end = _freeAt;
        }

        Interlocked.Add(ref _busyTicks, ticks);
        Interlocked.Increment(ref _runs);
        Interlocked.Add(ref _images, images);
        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), end);
        _ = Never.WaitOne(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)));
    }

    private sealed class Session(StandInCard card, int size, IReadOnlyList<float[]> outputs) : IShapeSession
    {
        public bool IsGraph => true;

        public string? Note => null;

        public void Run(ReadOnlySpan<float> images, Span<float> output)
        {
            var length = outputs[0].Length;
            for (var image = 0; image * length < output.Length; image++)
            {
                var target = output.Slice(image * length, length);
                if (card._filled.TryAdd(AddressOf(target), true))
                {
                    outputs[card._filled.Count % outputs.Count].CopyTo(target);
                }
            }

            card.Run(size, output.Length / length);
        }

        public double Measure(TimeSpan atLeast) => card.SecondsOf(size);

        public void Dispose()
        {
        }

        private static nint AddressOf(Span<float> floats) =>
            Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref MemoryMarshal.GetReference(floats));
    }

    private double SecondsOf(int size) => secondsOfRun[size];
}
