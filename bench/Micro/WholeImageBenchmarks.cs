using BenchmarkDotNet.Attributes;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Bench.Micro;

/// <summary>One image, encoded bytes to detections, on one thread.</summary>
[BenchmarkCategory("WholeImage")]
public class WholeImageBenchmarks
{
    private byte[] _jpeg = [];
    private Detector? _detector;

    /// <summary>The model's path.</summary>
    public static string Model { get; set; } = "";

    /// <summary>Loads the model and encodes smooth noise of 640x480 pixels.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _jpeg = Synthetic.Jpeg(640, 480);
        _detector = Detector.Load(
            Model, new DetectorOptions { DecodeThreads = 1 }, new ModelOptions { Provider = ExecutionProvider.Cpu, IntraOpThreads = 1 });
    }

    /// <summary>Frees the model.</summary>
    [GlobalCleanup]
    public void Cleanup() => _detector?.Dispose();

    /// <summary>JPEG to pixels.</summary>
    [Benchmark]
    public int Decode()
    {
        using var image = ImageDecoder.Decode(_jpeg, new ImageLimits());
        return image.Width;
    }

    /// <summary>JPEG to pixels by the bundled library, as where the machine has no libjpeg-turbo.</summary>
    [Benchmark]
    public int DecodeBundled()
    {
        using var pixels = JpegDecoder.Decode(null, _jpeg, ImageHeader.Read(_jpeg, new ImageLimits()), 1, out _);
        return pixels.Width;
    }

    /// <summary>JPEG to detections.</summary>
    [Benchmark(Baseline = true)]
    public int Detect() => _detector!.Detect(_jpeg).Detections!.Count;
}
