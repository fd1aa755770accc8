using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Nanodet.Serverless.Bench;

/// <summary>One model of a comparison, with an input of pseudo-random numbers and its run times.</summary>
internal sealed class Contestant : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtValue _input;
    private readonly string _inputName;
    private readonly RunOptions _run = new();
    private readonly List<double> _milliseconds = [];

    /// <summary>Loads a model.</summary>
    public Contestant(string name, byte[] model, SessionOptions options, int height, int width)
    {
        Name = name;
        _session = new InferenceSession(model, options);
        var (input, metadata) = _session.InputMetadata.First();
        _inputName = input;
        long[] shape = [1, 3, Known(metadata.Dimensions[2], height), Known(metadata.Dimensions[3], width)];
        var random = new Random(1);
        var values = new float[shape.Aggregate(1L, (product, side) => product * side)];
        foreach (ref var value in values.AsSpan())
        {
            value = (float)((random.NextDouble() * 4) - 2);
        }

        _input = OrtValue.CreateTensorValueFromMemory(values, shape);
    }

    /// <summary>The file's name, and what was done to the file.</summary>
    public string Name { get; }

    /// <summary>Runs the model once.</summary>
    public void Run(bool count)
    {
        var started = Stopwatch.GetTimestamp();
        using var outputs = _session.Run(_run, [_inputName], [_input], _session.OutputNames);
        if (count)
        {
            _milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    /// <summary>The run time that a share of the runs stays below; 0 is the fastest run.</summary>
    public double Percentile(double share) => _milliseconds.Order().ElementAt((int)(share * (_milliseconds.Count - 1)));

    /// <summary>Ends the profile that the session's options asked for.</summary>
    /// <returns>The file that holds it.</returns>
    public string EndProfiling() => _session.EndProfiling();

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.Dispose();
        _input.Dispose();
        _session.Dispose();
    }

    private static int Known(int dimension, int fallback) => dimension > 0 ? dimension : fallback;
}
