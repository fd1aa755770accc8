namespace Nanodet.Serverless.Chaos.Tests.Running;

/// <summary>A process that is killed.</summary>
internal enum Victim
{
    /// <summary>The app's worker process; its host starts another one.</summary>
    Worker,

    /// <summary>The host with its worker; whoever runs the app starts another one.</summary>
    Host,

    /// <summary>Storage; it is started again with what it had acknowledged.</summary>
    Storage,
}
