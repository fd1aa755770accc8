using BenchmarkDotNet.Attributes;
using Nanodet.Detection.Images;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Bench.Micro;

/// <summary>Pixels to tensor in the fused pass: warp, normalisation and planes.</summary>
[BenchmarkCategory("Warp")]
public class WarpBenchmarks : IDisposable
{
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
        int[] sides = [.. Size.Split('x').Select(int.Parse)];
        Dispose();
        var pixels = new PixelBuffer(sides[0], sides[1]);
        var random = new Random(1);
        for (var y = 0; y < pixels.Height; y++)
        {
            random.NextBytes(pixels.Row(y));
        }

        var model = Synthetic.Model();
        _geometry = InputGeometry.Create(sides[0], sides[1], model.Input);
        _image = new DecodedImage(pixels, ImageFormat.Jpeg);
        _preprocessor = new Preprocessor(model);
        _tensor = new float[_geometry.TensorLength];
    }

    /// <summary>Warp, normalisation and planes.</summary>
    [Benchmark]
    public void Fused() => _preprocessor!.Write(_image!, _geometry, _tensor);

    /// <summary>Frees the pixels.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _image?.Dispose();
        GC.SuppressFinalize(this);
    }
}
