using System.Reflection;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

/// <summary>A model on the CPU whose runs are made as on a GPU, in memory of the CPU's allocator.</summary>
internal sealed class BoundModel : IDisposable
{
    private static readonly ModelOptions OnCpu = new() { Provider = ExecutionProvider.Cpu, IntraOpThreads = 1 };

    private BoundRuns? _runs;

    internal BoundModel(OnnxTestModel onnx, bool copiesAhead, Action<Action>? probe = null)
        : this(onnx.Build(), copiesAhead, probe)
    {
    }

    internal BoundModel(byte[] onnx, bool copiesAhead, Action<Action>? probe = null) => Model = NanodetModel.Load(
        onnx,
        OnCpu,
        () => null,
        (session, description) => _runs = BoundRuns.Open(session, description, HostMemory.Pageable(session), copiesAhead, probe));

    internal NanodetModel Model { get; }

    internal BoundRuns Runs => _runs!;

    /// <summary>The same model with runs as on a CPU.</summary>
    internal static NanodetModel Shared(OnnxTestModel onnx) => NanodetModel.Load(onnx.Build(), OnCpu);

    /// <summary>Values for a batch; the same for the same seed.</summary>
    internal static float[] Values(int seed, int count, int height, int width)
    {
        var random = new Random(seed);
        var values = new float[count * 3 * height * width];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = random.NextSingle();
        }

        return values;
    }

    /// <summary>What a model makes of them.</summary>
    internal static float[] Run(NanodetModel model, int seed, int count, int height, int width, int? capacity = null)
    {
        using var tensor = model.Rent(capacity ?? count, height, width);
        Fill(tensor, Values(seed, count, height, width));
        using var output = model.Run(tensor, count);
        Assert.Equal(output.Image(count - 1).Length * count, output.All.Length);
        return output.All.ToArray();
    }

    internal static void Fill(RunTensor tensor, float[] values)
    {
        var length = tensor.Image(0).Length;
        for (var image = 0; image < values.Length / length; image++)
        {
            values.AsSpan(image * length, length).CopyTo(tensor.Image(image));
        }
    }

    /// <summary>A fault as ONNX Runtime reports it: nobody else can make one.</summary>
    internal static OnnxRuntimeException Fault(string message)
    {
        var constructor = Assert.Single(typeof(OnnxRuntimeException).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic));
        return (OnnxRuntimeException)constructor.Invoke([Enum.ToObject(constructor.GetParameters()[0].ParameterType, 1), message]);
    }

    public void Dispose() => Model.Dispose();
}
