using BenchmarkDotNet.Attributes;
using Nanodet.Serverless.Pipeline.Images;
using Nanodet.Serverless.Pipeline.Preprocessing;
using OpenCvSharp;

namespace Nanodet.Serverless.Bench.Micro;

/// <summary>Pixels to tensor: OpenCV's warp alone, and the fused pass that gives the same pixels normalised and in planes.</summary>
[BenchmarkCategory("Warp")]
public class WarpBenchmarks : IDisposable
{
    private Mat? _warped;
    private Mat? _pixels;
    private Mat? _matrix;
    private DecodedImage? _image;
    private Preprocessor? _preprocessor;
    private InputGeometry _geometry;
    private float[] _tensor = [];

    /// <summary>Columns and rows of the image.</summary>
    [Params("640x480", "1920x1280", "320x240")]
    public string Size { get; set; } = "";

    /// <summary>Draws noise of that size.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Cv2.SetNumThreads(1);
        int[] sides = [.. Size.Split('x').Select(int.Parse)];
        Dispose();
        _warped = new Mat();
        _pixels = new Mat(sides[1], sides[0], MatType.CV_8UC3);
        Cv2.Randu(_pixels, Scalar.All(0), Scalar.All(256));
        var model = Synthetic.Model();
        _geometry = InputGeometry.Create(sides[0], sides[1], model.Input);
        _matrix = Mat.FromPixelData(3, 3, MatType.CV_64FC1, _geometry.Matrix.ToRowMajor()).Clone();
        _image = new DecodedImage(_pixels, ImageFormat.Jpeg);
        _preprocessor = new Preprocessor(model);
        _tensor = new float[_geometry.TensorLength];
    }

    /// <summary>OpenCV's warp, on one thread, without normalisation.</summary>
    [Benchmark(Baseline = true)]
    public void OpenCvWarpAlone() => Cv2.WarpPerspective(
        _pixels!, _warped!, _matrix!, new Size(_geometry.WarpedWidth, _geometry.WarpedHeight), InterpolationFlags.Linear, BorderTypes.Constant, Scalar.Black);

    /// <summary>Warp, normalisation and planes.</summary>
    [Benchmark]
    public void Fused() => _preprocessor!.Write(_image!, _geometry, _tensor);

    /// <summary>Frees the pixels.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _image?.Dispose();
        _pixels?.Dispose();
        _matrix?.Dispose();
        _warped?.Dispose();
        GC.SuppressFinalize(this);
    }
}
