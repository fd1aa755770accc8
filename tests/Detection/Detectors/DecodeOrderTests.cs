using System.Buffers;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Detectors;

/// <summary>
/// A detector with one thread is done with an image's pixels before it begins the next: a call of 64 images holds the pixels of one, and
/// writes their tensor while they are in the processor's caches.
/// </summary>
public sealed class DecodeOrderTests
{
    private const int Count = 6;

    private readonly List<int> _reads = [];

    private static IEnumerable<int> Images => Enumerable.Range(0, Count);

    [Fact]
    public void Detect_OneThread_ReadsNoImageBeforeTheOneBeforeIsDecoded()
    {
        using var model = NanodetModel.Load(
            new OnnxTestModel { Strides = [8] }.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });
        var file = TestImages.Rectangle(96, 64, new Rect(20, 12, 8, 8), new Bgr(255, 0, 0));
        ReadOnlyMemory<byte>[] images = [.. Images.Select(i => new WatchedMemory(file, () => _reads.Add(i)).Memory)];
        _reads.Clear();

        var outcomes = new Detector(model, new DetectorOptions { MaxRunSize = 4, DecodeThreads = 1 })
            .Detect(images, TestContext.Current.CancellationToken);

        Assert.All(outcomes, outcome => Assert.Single(outcome.Detections!));
        Assert.Equal([4, 4, 4, 4, 2, 2], outcomes.Select(outcome => outcome.RunSize));

        // The call looks at the first bytes of all images, for gzip. Then each is opened, with two looks, and decoded.
        Assert.Equal(Images, _reads.Take(Count));
        Assert.Equal(Images.SelectMany(i => Enumerable.Repeat(i, 3)), _reads.Skip(Count));
    }

    /// <summary>Bytes that tell when they are read.</summary>
    private sealed class WatchedMemory(byte[] bytes, Action read) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            read();
            return bytes;
        }

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
