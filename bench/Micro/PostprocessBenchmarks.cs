using BenchmarkDotNet.Attributes;
using Nanodet.Detection.Description;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;

namespace Nanodet.Serverless.Bench.Micro;

/// <summary>Output to detections, on the output of a nanodet-plus-m_416 that sees 100 objects through several points each.</summary>
[BenchmarkCategory("Postprocess")]
public class PostprocessBenchmarks
{
    private readonly ModelDescription _model = Synthetic.Model();
    private readonly int[] _kept = new int[100];
    private float[] _output = [];
    private Candidate[] _candidates = [];
    private BoxDecoder? _decoder;
    private Postprocessor? _postprocessor;
    private InputGeometry _geometry;

    /// <summary>Makes the output.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _output = Synthetic.Output(_model);
        _geometry = InputGeometry.Create(640, 480, _model.Input);
        _decoder = new BoxDecoder(_model, 0.35f);
        _postprocessor = new Postprocessor(_model, 0.35f, 0.6f, 100);
        using var buffer = new CandidateBuffer();
        _decoder.Decode(_output, _geometry.TensorHeight, _geometry.TensorWidth, buffer);
        _candidates = buffer.Items.ToArray();
        var detections = _postprocessor.Process(_output, _geometry).Length;
        if (detections != 100)
        {
            throw new InvalidOperationException($"Expected an output with 100 detections, found {detections}.");
        }
    }

    /// <summary>Finding what passes the threshold, one value after the other.</summary>
    [Benchmark]
    public int ScoresScalar()
    {
        var found = 0;
        for (var start = 0; start < _output.Length; start += _model.Columns)
        {
            found += ScoreScan.ScalarNextAbove(_output.AsSpan(start, _model.ClassNames.Count), 0, 0.35f);
        }

        return found;
    }

    /// <summary>The same in vectors.</summary>
    [Benchmark]
    public int Scores()
    {
        var found = 0;
        for (var start = 0; start < _output.Length; start += _model.Columns)
        {
            found += ScoreScan.NextAbove(_output.AsSpan(start, _model.ClassNames.Count), 0, 0.35f);
        }

        return found;
    }

    /// <summary>Scores and boxes.</summary>
    [Benchmark]
    public int BoxDecode()
    {
        using var buffer = new CandidateBuffer();
        _decoder!.Decode(_output, _geometry.TensorHeight, _geometry.TensorWidth, buffer);
        return buffer.Items.Length;
    }

    /// <summary>Suppression, one pair of boxes after the other.</summary>
    [Benchmark]
    public int NmsScalar() => NonMaximumSuppression.ScalarApply(_candidates, 0.6f, _kept);

    /// <summary>Suppression.</summary>
    [Benchmark]
    public int Nms() => NonMaximumSuppression.Apply(_candidates, 0.6f, _kept);

    /// <summary>Everything, to 100 detections.</summary>
    [Benchmark]
    public int Postprocess() => _postprocessor!.Process(_output, _geometry).Length;
}
