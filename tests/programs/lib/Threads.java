// SPDX-License-Identifier: GPL-2.0-only
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Monitors, queues, executors, barriers, sleeps, garbage: the sums must be right. */
public class Threads {
	private static final int THREADS = 12;
	private static final int ROUNDS = 2000;
	private static long guarded;

	private static synchronized void add(long n) {
		guarded += n;
	}

	private static long monitors() throws Exception {
		List<Thread> threads = new ArrayList<>();
		for (int t = 0; t < THREADS; t++) {
			Thread thread = new Thread(() -> {
				for (int i = 0; i < ROUNDS; i++) {
					add(i);
					if (i % 500 == 0)
						Thread.yield();
				}
			});
			threads.add(thread);
			thread.start();
		}
		for (Thread thread : threads)
			thread.join();
		return guarded;
	}

	private static long queue() throws Exception {
		BlockingQueue<Integer> queue = new ArrayBlockingQueue<>(4);
		AtomicLong sum = new AtomicLong();
		Thread consumer = new Thread(() -> {
			try {
				for (int i = 0; i < ROUNDS; i++)
					sum.addAndGet(queue.take());
			} catch (InterruptedException e) {
				sum.set(-1);
			}
		});
		consumer.start();
		for (int i = 0; i < ROUNDS; i++)
			queue.put(i);
		consumer.join();
		return sum.get();
	}

	private static long executor() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(THREADS);
		List<Future<Long>> futures = new ArrayList<>();
		for (int t = 0; t < 4 * THREADS; t++) {
			final int n = t;
			futures.add(pool.submit(() -> {
				byte[][] garbage = new byte[64][];
				for (int i = 0; i < garbage.length; i++)
					garbage[i] = new byte[16 * 1024];
				Thread.sleep(2);
				return (long) garbage.length * n;
			}));
		}
		long sum = 0;
		for (Future<Long> future : futures)
			sum += future.get();
		pool.shutdown();
		return pool.awaitTermination(60, TimeUnit.SECONDS) ? sum : -1;
	}

	private static long barrier() throws Exception {
		AtomicLong turns = new AtomicLong();
		CyclicBarrier barrier = new CyclicBarrier(4, turns::incrementAndGet);
		List<Thread> threads = new ArrayList<>();
		for (int t = 0; t < 4; t++) {
			Thread thread = new Thread(() -> {
				try {
					for (int i = 0; i < 100; i++)
						barrier.await();
				} catch (Exception e) {
					turns.set(-1000);
				}
			});
			threads.add(thread);
			thread.start();
		}
		for (Thread thread : threads)
			thread.join();
		return turns.get();
	}

	public static void main(String[] args) throws Exception {
		System.out.println("monitors " + monitors());
		System.out.println("queue " + queue());
		System.out.println("executor " + executor());
		System.gc();
		System.out.println("barrier " + barrier());
	}
}
