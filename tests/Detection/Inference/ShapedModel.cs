using System.Collections.Concurrent;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

/// <summary>A model whose runs are made as on a GPU, by sessions for fixed shapes that a test makes.</summary>
internal sealed class ShapedModel : IDisposable
{
    private ShapedRuns? _runs;

    /// <summary>Loads it.</summary>
    /// <param name="onnx">The model.</param>
    /// <param name="options">Which sizes.</param>
    /// <param name="open">Makes a session; null for a <see cref="FakeShapeSession"/>.</param>
    internal ShapedModel(OnnxTestModel onnx, ShapedRunsOptions options, Func<RunTensorShape, IShapeSession>? open = null)
    {
        open ??= shape => new FakeShapeSession(shape, new FakeShapeSession.Behaviour());
        Model = NanodetModel.Load(
            onnx.Build(),
            new ModelOptions { Provider = ExecutionProvider.Cpu, IntraOpThreads = 1 },
            () => null,
            (session, description) => _runs = ShapedRuns.Open(
                description,
                HostMemory.Pageable(session),
                options,
                (shape, step) =>
                {
                    var made = open(shape);
                    Steps.Enqueue(step);
                    Sessions.Enqueue(made);
                    return made;
                }));
    }

    internal NanodetModel Model { get; }

    internal ShapedRuns Runs => _runs!;

    /// <summary>Every session that was made, in this order.</summary>
    internal ConcurrentQueue<IShapeSession> Sessions { get; } = new();

    /// <summary>What each of them was made for.</summary>
    internal ConcurrentQueue<ShapeStep> Steps { get; } = new();

    internal IReadOnlyList<FakeShapeSession> Fakes => [.. Sessions.Cast<FakeShapeSession>()];

    public void Dispose() => Model.Dispose();
}
