using BenchmarkDotNet.Attributes;
using Nanodet.Serverless.Pipeline.Detectors;
using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.Pipeline.Models;
using OpenCvSharp;

namespace Nanodet.Serverless.Bench.Micro;

/// <summary>One image, encoded bytes to detections, on one thread.</summary>
[BenchmarkCategory("WholeImage")]
public class WholeImageBenchmarks
{
    private byte[] _jpeg = [];
    private NanodetModel? _model;
    private Detector? _detector;

    /// <summary>The model's path.</summary>
    public static string Model { get; set; } = "";

    /// <summary>Loads the model and encodes a smooth picture with noise of 640x480 pixels.</summary>
    [GlobalSetup]
    public void Setup()
    {
        using var noise = new Mat(60, 80, MatType.CV_8UC3);
        Cv2.Randu(noise, Scalar.All(0), Scalar.All(256));
        using var picture = new Mat();
        Cv2.Resize(noise, picture, new Size(640, 480), interpolation: InterpolationFlags.Cubic);
        Cv2.ImEncode(".jpg", picture, out _jpeg);
        _model = NanodetModel.Load(Model, new ModelOptions { Provider = ExecutionProvider.Cpu, IntraOpThreads = 1 });
        _detector = new Detector(_model, new DetectorOptions { DecodeThreads = 1 });
    }

    /// <summary>Frees the model.</summary>
    [GlobalCleanup]
    public void Cleanup() => _model?.Dispose();

    /// <summary>JPEG to pixels.</summary>
    [Benchmark]
    public int Decode()
    {
        using var image = ImageDecoder.Decode(_jpeg, new ImageLimits());
        return image.Width;
    }

    /// <summary>JPEG to detections.</summary>
    [Benchmark(Baseline = true)]
    public int Detect() => _detector!.Detect((ReadOnlyMemory<byte>)_jpeg).Detections!.Count;
}
