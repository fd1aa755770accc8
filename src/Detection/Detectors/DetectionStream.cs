using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Nanodet.Detection.Detectors;

/// <summary>Detection over a source that is read while the model runs.</summary>
internal static class DetectionStream
{
    /// <summary>Detects what a source gives, in its order.</summary>
    internal static async IAsyncEnumerable<DetectionOutcome> RunAsync(
        Detector detector,
        IAsyncEnumerable<ReadOnlyMemory<byte>> images,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var limit = detector.MaxRunSize;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(limit) { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync(images, waiting.Writer, stop.Token);
        try
        {
            var group = new List<ReadOnlyMemory<byte>>(limit);
            while (await waiting.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (group.Count < limit && waiting.Reader.TryRead(out var image))
                {
                    group.Add(image);
                }

                var outcomes = await Task.Run(() => detector.Detect(group, cancellationToken), cancellationToken).ConfigureAwait(false);
                group.Clear();
                foreach (var outcome in outcomes)
                {
                    yield return outcome;
                }
            }

            // What the source threw comes out as it is.
            await reading.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task ReadAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> images, ChannelWriter<ReadOnlyMemory<byte>> waiting, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var image in images.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await waiting.WriteAsync(image, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            waiting.Complete();
        }
    }
}
