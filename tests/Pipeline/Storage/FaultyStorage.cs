using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>Storage some of whose requests fail.</summary>
internal sealed class FaultyStorage() : DelegatingHandler(new SocketsHttpHandler())
{
    private int _faults;

    /// <summary>What becomes of a request; null, or the answer null, to let it through.</summary>
    public Func<HttpRequestMessage, Exception?>? Find { get; set; }

    /// <summary>Whether storage does what it is asked for, and only its answer is lost.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>How often the clients that retry try again.</summary>
    public int Retries { get; init; } = 1;

    /// <summary>Requests that failed.</summary>
    public int Faults => Volatile.Read(ref _faults);

    /// <summary>What an SDK throws when its network timeout is over: nobody's token is cancelled.</summary>
    public static TaskCanceledException Timeout() => new("The operation was cancelled because it exceeded the configured timeout of 0:01:40.");

    /// <summary>Fails the next requests for a blob.</summary>
    public void Fail(HttpMethod method, string ending, Func<Exception> fault, int times = 1)
    {
        var left = times;
        Find = request => request.Method == method
            && request.RequestUri!.AbsolutePath.EndsWith(ending, StringComparison.Ordinal)
            && Interlocked.Decrement(ref left) >= 0
                ? fault()
                : null;
    }

    /// <summary>Has an app use it.</summary>
    public void AddTo(IServiceCollection services) => services.Replace(
        ServiceDescriptor.Singleton(provider => TransportClients.Create(provider, this, Retries)));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Find?.Invoke(request) is not { } fault)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        if (LosesAnswers)
        {
            using var lost = await base.SendAsync(request, cancellationToken);
        }

        Interlocked.Increment(ref _faults);
        throw fault;
    }
}
