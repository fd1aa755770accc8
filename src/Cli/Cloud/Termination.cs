using System.Runtime.InteropServices;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>
/// A token that is cancelled when the process is asked to end: by Ctrl+C, which the command line turns into its own token, or by
/// SIGTERM, which is how a script or a service manager asks.
/// </summary>
internal sealed class Termination : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration _registration;

    private Termination(CancellationToken cancellationToken)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            _source.Cancel();
        });
    }

    /// <summary>The token.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the process was asked to end.</summary>
    public bool IsCancellationRequested => _source.IsCancellationRequested;

    /// <summary>A token that also follows another one.</summary>
    public static Termination Link(CancellationToken cancellationToken) => new(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
