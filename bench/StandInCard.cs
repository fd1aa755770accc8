using System.Diagnostics;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Bench;

/// <summary>
/// A card that takes time and no processor: its runs take turns, each for as long as one was measured to take, and the caller sleeps
/// meanwhile. What is left to measure is what feeds it.
/// </summary>
/// <param name="secondsOfRun">Seconds of a run, for each size.</param>
internal sealed class StandInCard(IReadOnlyDictionary<int, double> secondsOfRun)
{
    // Values at both ends of an output that tell it.
    private const int Mark = 16;

    // Never set: a run is over when its time is.
    private static readonly ManualResetEvent Never = new(false);

    private readonly Lock _gate = new();
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
    /// <param name="outputs">What a model gave for some images. A block that holds them already is left alone: a card's copies take no processor.</param>
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

    private double SecondsOf(int size) => secondsOfRun[size];

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
                if (!Holds(target, outputs[image % outputs.Count]))
                {
                    outputs[image % outputs.Count].CopyTo(target);
                }
            }

            card.Run(size, output.Length / length);
        }

        public double Measure(TimeSpan atLeast) => card.SecondsOf(size);

        public void Dispose()
        {
        }

        private static bool Holds(ReadOnlySpan<float> block, ReadOnlySpan<float> output) =>
            block[..Mark].SequenceEqual(output[..Mark]) && block[^Mark..].SequenceEqual(output[^Mark..]);
    }
}
