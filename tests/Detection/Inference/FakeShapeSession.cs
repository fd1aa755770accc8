using System.Collections.Concurrent;
using Nanodet.Detection.Inference;

namespace Nanodet.Serverless.Detection.Tests.Inference;

/// <summary>A session without a model: its output says which images it was given, and what is done to it is noted.</summary>
internal sealed class FakeShapeSession(RunTensorShape shape, FakeShapeSession.Behaviour behaviour) : IShapeSession
{
    public bool IsGraph => Note is null;

    public string? Note => behaviour.CaptureProblem;

    internal bool IsDisposed { get; private set; }

    internal RunTensorShape Shape => shape;

    internal ConcurrentQueue<int> Runs { get; } = new();

    /// <summary>The first value of each image becomes every value of its output.</summary>
    public void Run(ReadOnlySpan<float> images, Span<float> output)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        behaviour.BeforeRun(shape);
        var imageLength = 3 * shape.Height * shape.Width;
        var outputLength = shape.Points * shape.Columns;
        var count = images.Length / imageLength;
        Assert.InRange(count, 1, shape.Size);
        Assert.Equal(count * outputLength, output.Length);
        for (var image = 0; image < count; image++)
        {
            output.Slice(image * outputLength, outputLength).Fill(images[image * imageLength]);
        }

        Runs.Enqueue(count);
    }

    public double Measure(TimeSpan atLeast) => behaviour.Seconds(shape.Size);

    public void Dispose() => IsDisposed = true;

    /// <summary>How such sessions behave.</summary>
    internal sealed record Behaviour
    {
        internal Func<int, double> Seconds { get; init; } = size => 1 + (size / 8.0);

        internal Action<RunTensorShape> BeforeRun { get; init; } = _ => { };

        internal string? CaptureProblem { get; init; }
    }
}
