using System.Diagnostics;

namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>A process that does nothing but compute, at a lower priority, until its input ends: a busy machine.</summary>
internal sealed class Burner : IDisposable
{
    public const string Verb = "burn";

    private readonly Process _process;

    private Burner(Process process) => _process = process;

    /// <summary>The child's side.</summary>
    public static int Run()
    {
        var input = Task.Run(Console.In.ReadLine);
        while (!input.IsCompleted)
        {
            Thread.SpinWait(10_000);
        }

        return 0;
    }

    public static Burner Start() => new(Program.Start(["nice", "-n", "5"], Verb));

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
